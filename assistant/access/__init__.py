"""Who may ask and read what, and the record of what was asked. Importing it loads nothing heavy."""
