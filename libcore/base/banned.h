/* Functions that nobody needs here become compile errors; the message names what to use. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/* The real headers first, so that their own declarations stay as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(func, instead) banned_##func##_use_##instead

#undef strcpy
#define strcpy(a, b) BANNED(strcpy, buf_add)
#undef strcat
#define strcat(a, b) BANNED(strcat, buf_add)
#undef strncpy
#define strncpy(a, b, n) BANNED(strncpy, buf_add)
#undef strncat
#define strncat(a, b, n) BANNED(strncat, buf_add)
#undef sprintf
#define sprintf(...) BANNED(sprintf, snprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf, vsnprintf)
#undef strtok
#define strtok(a, b) BANNED(strtok, bytes)
#undef atoi
#define atoi(a) BANNED(atoi, num_parse)
#undef atol
#define atol(a) BANNED(atol, num_parse)
#undef atoll
#define atoll(a) BANNED(atoll, num_parse)
#undef atof
#define atof(a) BANNED(atof, num_parse)
#undef gmtime
#define gmtime(a) BANNED(gmtime, gmtime_r)
#undef localtime
#define localtime(a) BANNED(localtime, localtime_r)
#undef ctime
#define ctime(a) BANNED(ctime, time_format)
#undef asctime
#define asctime(a) BANNED(asctime, time_format)

#endif
