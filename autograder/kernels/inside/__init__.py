"""What runs inside the cage. These files stand alone: nothing else of the course is mounted beside them."""
