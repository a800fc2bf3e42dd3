"""What pictures share, and the one picture that results draw of themselves: ``History.plot``."""
