enum status { OK, NOT_FOUND };
