"""The course as a teacher sets it up: course.toml, the secret seed, points, and the noun Assignment."""
