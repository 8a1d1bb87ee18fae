"""A class of made-up students: submissions from recipes, each with its expected marks. For the demo and the tests."""
