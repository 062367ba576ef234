/* BAD: a folder in no layer */
