"""The body as data: an atlas of named places, how it is drawn, what marks on it tell. No Django here."""
