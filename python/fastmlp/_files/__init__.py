"""What is written to disk and read from it; every claim of a file is compared before it is believed."""
