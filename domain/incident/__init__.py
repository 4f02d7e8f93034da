"""What happened, the evidence, and who was found responsible."""
