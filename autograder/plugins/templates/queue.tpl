{%- extends 'base.tpl' -%}

{%- block title -%}
Needs a look
{%- endblock -%}

{%- block sidebar -%}
<li role="presentation" class="active"><a href="{{ base_url }}/formgrader/manage_assignments">Manage Assignments</a></li>
<li role="presentation"><a href="{{ base_url }}/formgrader/gradebook">Manual Grading</a></li>
<li role="presentation"><a href="{{ base_url }}/formgrader/manage_students">Manage Students</a></li>
{%- endblock -%}

{%- block breadcrumbs -%}
<ol class="breadcrumb">
  <li><a href="{{ base_url }}/formgrader/manage_assignments">Assignments</a></li>
  <li><a href="{{ base_url }}/formgrader/manage_submissions/{{ assignment_id | urlencode }}">{{ assignment_id }}</a></li>
  <li class="active">Needs a look</li>
</ol>
{%- endblock -%}

{%- block messages -%}
<p>{{ items | rejectattr("done") | list | length }} to look at, {{ items | selectattr("done") | list | length }} looked at.
Graded again, a submission comes back only for another reason.</p>
{%- endblock -%}

{%- block table_header -%}
<tr><th>Student</th><th>Why</th><th></th></tr>
{%- endblock -%}

{%- block table_body -%}
{%- for item in items | sort(attribute="done") %}
<tr>
  <td>{% if item.notebook %}<a href="{{ base_url }}/formgrader/submissions/{{ item.notebook }}/">{{ item.student }}</a>{% else %}{{ item.student }}{% endif %}</td>
  <td>{% for sentence in item.sentences %}{{ sentence }}<br>{% endfor %}</td>
  <td>{% if item.notebook %}<form method="post">
    <input type="hidden" name="_xsrf" value="{{ token }}"><input type="hidden" name="student" value="{{ item.student }}">
    <button class="btn btn-default btn-sm" name="done" value="{{ 'no' if item.done else 'yes' }}">{{ "Looked at ✓ (undo)" if item.done else "Done" }}</button>
  </form>{% endif %}</td>
</tr>
{%- endfor %}
{%- endblock -%}
