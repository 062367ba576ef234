int without_licence_line; /* BAD */
