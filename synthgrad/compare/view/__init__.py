"""What a comparison's tables and notes say, once for the terminal, Markdown, LaTeX and HTML."""
