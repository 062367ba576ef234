/* TODO BAD */
/* FIXME(someone): BAD */
/* XXX BAD */
/* TODO #12: allowed */
static char name[] = "a.XXXXXX";
