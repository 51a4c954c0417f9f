#ifndef SERVER_VERSION_H
#define SERVER_VERSION_H

/* The Loki whose API is answered: clients look at it to know what they may ask. */
#define VERSION_OF_LOKI "3.4.6"

#endif
