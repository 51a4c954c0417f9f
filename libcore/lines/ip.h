/* ip("..."): whether a text holds an address of a range. */
#ifndef LINES_IP_H
#define LINES_IP_H

#include "logql/tree.h"

/* True when some IPv4 or IPv6 address in the text lies in the range. */
bool ip_in_text(const struct logql_ip *ip, struct bytes text);

#endif
