"""Roads to a learning platform (Canvas, Moodle, Gradescope): its zip of submissions in, marks in the form that it imports out."""
