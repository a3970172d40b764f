"""What ``bench/grading.py`` measures with: a class, the graders, the floor and a meter."""
