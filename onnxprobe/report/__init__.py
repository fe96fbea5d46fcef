"""What people see: tables on the terminal, and the page of a run."""
