/* Websockets: a fence round wslay. Each has a thread of its own. */
#ifndef HTTP_WEBSOCKET_H
#define HTTP_WEBSOCKET_H

#include "http/http.h"

struct websocket;

/* Runs on the websocket's own thread; when it returns the connection is closed. */
typedef void websocket_fn(struct websocket *w, void *data);

/* Does the request ask for a websocket, in a way that can be answered? */
bool websocket_asked(const struct http_request *r);

/* The answer to such a request: run is called once the client has it, or once, with a websocket
 * that is closed already, when the client could not be given it. */
void websocket_answer(struct http_request *r, websocket_fn *run, void *data);

enum websocket_event {
	WEBSOCKET_READABLE, /* fd is, or is at its end */
	WEBSOCKET_CLOSED,   /* by the client, or broken */
	WEBSOCKET_TIMEOUT,
};

enum {
	WEBSOCKET_MESSAGE_MAX = 64 << 10, /* bytes of a message of the client's; beyond: 1009 */
	WEBSOCKET_PING_S = 20, /* after so long without a sign of the client it is pinged */
	WEBSOCKET_GONE_S = 60, /* and has gone when it then says nothing for so long */
};

/* Waits until fd (-1: none) can be read, the client has gone, or timeout_ms are over (-1: for
 * ever). Pings are answered meanwhile, messages of the client are read and dropped; who does not
 * keep to RFC 6455 is told (1002, 1007, 1009) and closed. */
enum websocket_event websocket_wait(struct websocket *w, int fd, int timeout_ms);

/* Sends a text message, and waits until the client's side has taken it. Errors: ERR_IO, gone;
 * ERR_AGAIN, it took nothing for timeout_ms. */
MUST_CHECK int websocket_send(struct websocket *w, struct bytes text, int timeout_ms,
			      struct err *e);

/* Says goodbye: code 1000 is the usual, 1011 an error, 1013 "try again later". */
void websocket_goodbye(struct websocket *w, unsigned code, const char *reason);

#endif
