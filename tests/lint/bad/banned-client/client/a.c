static void a(void)
{
	exit(1); /* BAD */
}
