{%- extends 'manage_submissions.tpl' -%}

{%- block messages -%}
<p><a href="{{ base_url }}/formgrader/queue/{{ assignment_id | urlencode }}">Needs a look: the queue</a></p>
{{ super() }}
{%- endblock -%}
