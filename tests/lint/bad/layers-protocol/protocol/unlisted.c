/* BAD: in no row */
