"""What pictures share, and what results show of themselves: ``History.plot``, and tables in notebooks."""
