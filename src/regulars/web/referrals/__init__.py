"""Recommendations: who brought whom, asking for names, links to give away, saying thank you."""
