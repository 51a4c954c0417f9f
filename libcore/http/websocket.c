/*
 * Frames in both directions, by wslay's frame layer; its layer above takes frames without a mask
 * and hides what we have to judge.
 */
#include "http/websocket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <wslay/wslay.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "http/frames.h"
#include "time/time.h"

enum {
	CONTROL_MAX = 125,  /* bytes of a control frame, by RFC 6455 */
	GOODBYE_MS = 1000,  /* for the client's own goodbye */
	ANSWER_MS = 5000,   /* for a client to take a pong */
	READS_AT_ONCE = 64, /* frames of the client's before fd is looked at again */
};

struct websocket {
	int fd;
	bool closed, said_goodbye;
	struct buf early; /* bytes that came with the request */
	size_t early_used;
	wslay_frame_context_ptr frames;
	int64_t heard_ns, pinged_ns; /* pinged_ns: 0, no answer is awaited */

	/* Of the frame being read, and of the message that it is a part of. */
	uint64_t frame_left;
	bool in_frame, frame_fin;
	uint8_t frame_opcode, message_opcode; /* message_opcode: 0 between messages */
	struct buf control, message;
};

static ssize_t receive(uint8_t *p, size_t n, int flags, void *data)
{
	struct websocket *w = data;
	ssize_t got;

	(void)flags;
	if (w->early_used < w->early.n) {
		struct bytes early = bytes_sub(buf_bytes(&w->early), w->early_used, n);

		memcpy(p, early.p, early.n);
		w->early_used += early.n;
		return (ssize_t)early.n;
	}
	do {
		got = recv(w->fd, p, n, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		return got;
	if (got < 0 && errno == EAGAIN)
		return WSLAY_ERR_WANT_READ;
	w->closed = true;
	return WSLAY_ERR_CALLBACK_FAILURE;
}

static ssize_t transmit(const uint8_t *p, size_t n, int flags, void *data)
{
	struct websocket *w = data;
	ssize_t sent;

	do {
		sent = send(w->fd, p, n,
			    MSG_DONTWAIT | MSG_NOSIGNAL |
				    ((flags & WSLAY_MSG_MORE) ? MSG_MORE : 0));
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return sent;
	if (errno == EAGAIN)
		return WSLAY_ERR_WANT_WRITE;
	w->closed = true;
	return WSLAY_ERR_CALLBACK_FAILURE;
}

/* One whole frame; timeout_ms begins anew with each byte that is taken. */
static int send_frame(struct websocket *w, uint8_t opcode, struct bytes payload, int timeout_ms,
		      struct err *e)
{
	struct wslay_frame_iocb io = { .fin = 1, .opcode = opcode, .payload_length = payload.n };
	size_t off = 0;
	bool all = false;

	while (!w->closed && !all) {
		ssize_t n;
		struct pollfd p = { .fd = w->fd, .events = POLLOUT };
		struct bytes left = bytes_sub(payload, off, payload.n);

		io.data = (const uint8_t *)left.p;
		io.data_length = left.n;
		n = wslay_frame_send(w->frames, &io);
		if (n >= 0) {
			off += (size_t)n;
			all = off == payload.n;
			if (n > 0 || all)
				continue;
		}
		if (n < 0 && n != WSLAY_ERR_WANT_WRITE) {
			w->closed = true;
		} else if (poll(&p, 1, timeout_ms) == 0) {
			w->closed = true; /* half a frame is out: nothing can follow */
			return err_set(e, ERR_AGAIN, "the client has taken nothing for %d ms",
				       timeout_ms);
		}
	}
	if (!all)
		return err_set(e, ERR_IO, "the client has gone");
	return 0;
}

void websocket_goodbye(struct websocket *w, unsigned code, const char *reason)
{
	char text[CONTROL_MAX] = { (char)(code >> 8), (char)(code & 0xff) };
	size_t n = strnlen(reason, sizeof(text) - 2);
	struct err e;

	if (w->closed || w->said_goodbye)
		return;
	w->said_goodbye = true;
	memcpy(text + 2, reason, n);
	if (send_frame(w, WSLAY_CONNECTION_CLOSE, bytes_of(text, n + 2), ANSWER_MS, &e) < 0)
		w->closed = true;
}

/* --- what the client sends --- */

static void refuse(struct websocket *w, unsigned code, const char *why)
{
	websocket_goodbye(w, code, why);
	w->closed = true;
}

static bool may_close_with(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
	       (code >= 3000 && code <= 4999);
}

static void take_close(struct websocket *w)
{
	struct bytes b = buf_bytes(&w->control);
	unsigned code = 1000;

	if (b.n >= 2)
		code = (unsigned)(unsigned char)b.p[0] << 8 | (unsigned char)b.p[1];
	if (b.n == 1 || !may_close_with(code))
		refuse(w, 1002, "no such code");
	else if (!utf8_valid(bytes_sub(b, 2, b.n)))
		refuse(w, 1007, "the reason is not UTF-8");
	else
		websocket_goodbye(w, code, "");
	w->closed = true;
}

static void end_frame(struct websocket *w)
{
	struct err e;

	w->in_frame = false;
	if (w->frame_opcode == WSLAY_CONNECTION_CLOSE) {
		take_close(w);
	} else if (w->frame_opcode == WSLAY_PING) {
		if (!w->said_goodbye &&
		    send_frame(w, WSLAY_PONG, buf_bytes(&w->control), ANSWER_MS, &e) < 0)
			w->closed = true;
	} else if (w->frame_opcode != WSLAY_PONG && w->frame_fin) {
		if (w->message_opcode == WSLAY_TEXT_FRAME && !utf8_valid(buf_bytes(&w->message)))
			refuse(w, 1007, "the text is not UTF-8");
		w->message_opcode = 0;
		buf_release(&w->message);
	}
}

/* Why such a frame must not come now, or NULL. */
static const char *fault_of(const struct websocket *w, const struct wslay_frame_iocb *io)
{
	bool is_data = io->opcode == WSLAY_TEXT_FRAME || io->opcode == WSLAY_BINARY_FRAME;

	if (!io->mask)
		return "the frame has no mask";
	if (io->rsv)
		return "reserved bits";
	if (wslay_is_ctrl_frame(io->opcode)) {
		if (io->opcode > WSLAY_PONG)
			return "no such opcode";
		return io->fin && io->payload_length <= CONTROL_MAX ? NULL
								    : "too large a control frame";
	}
	if (io->opcode != WSLAY_CONTINUATION_FRAME && !is_data)
		return "no such opcode";
	if (is_data == (w->message_opcode != 0))
		return is_data ? "a message in a message" : "a continuation of nothing";
	return NULL;
}

static void begin_frame(struct websocket *w, const struct wslay_frame_iocb *io)
{
	const char *fault = fault_of(w, io);

	if (fault) {
		refuse(w, 1002, fault);
		return;
	}
	w->in_frame = true;
	w->frame_left = io->payload_length;
	w->frame_opcode = io->opcode;
	w->frame_fin = io->fin;
	if (wslay_is_ctrl_frame(io->opcode))
		buf_reset(&w->control);
	else if (io->opcode != WSLAY_CONTINUATION_FRAME)
		w->message_opcode = io->opcode;
	if (!wslay_is_ctrl_frame(io->opcode) &&
	    io->payload_length > WEBSOCKET_MESSAGE_MAX - w->message.n)
		refuse(w, 1009, "the message is too long");
}

/* Reads what is there. */
static void listen_to(struct websocket *w)
{
	for (int i = 0; i < READS_AT_ONCE && !w->closed; i++) {
		struct wslay_frame_iocb io = { 0 };
		ssize_t n = wslay_frame_recv(w->frames, &io);

		if (n == WSLAY_ERR_WANT_READ)
			return;
		if (n < 0) {
			refuse(w, 1002, "not a frame");
			return;
		}
		w->heard_ns = time_mono_ns();
		w->pinged_ns = 0;
		if (!w->in_frame)
			begin_frame(w, &io);
		if (w->closed)
			return;
		buf_add(wslay_is_ctrl_frame(w->frame_opcode) ? &w->control : &w->message, io.data,
			io.data_length);
		w->frame_left -= io.data_length;
		if (w->frame_left == 0)
			end_frame(w);
	}
}

/* Pings who was quiet for long. Until when, in ms, something is to be done again. */
static int look_after(struct websocket *w)
{
	int64_t now_ns = time_mono_ns(), next_ns;
	struct err e;

	if (w->pinged_ns && now_ns - w->pinged_ns >= WEBSOCKET_GONE_S * NS_PER_S)
		w->closed = true;
	if (!w->pinged_ns && now_ns - w->heard_ns >= WEBSOCKET_PING_S * NS_PER_S && !w->closed) {
		w->pinged_ns = now_ns;
		if (send_frame(w, WSLAY_PING, (struct bytes){ 0 }, ANSWER_MS, &e) < 0)
			w->closed = true;
	}
	next_ns = w->pinged_ns ? w->pinged_ns + WEBSOCKET_GONE_S * NS_PER_S
			       : w->heard_ns + WEBSOCKET_PING_S * NS_PER_S;
	return (int)((next_ns - now_ns) / NS_PER_MS) + 1;
}

enum websocket_event websocket_wait(struct websocket *w, int fd, int timeout_ms)
{
	int64_t end_ns = time_mono_ns() + timeout_ms * NS_PER_MS;

	while (!w->closed) {
		struct pollfd p[2] = { { .fd = w->fd, .events = POLLIN },
				       { .fd = fd, .events = POLLIN } };
		int wait_ms = look_after(w);

		if (timeout_ms >= 0) {
			int64_t left_ms = (end_ns - time_mono_ns() + NS_PER_MS - 1) / NS_PER_MS;

			if (left_ms < wait_ms)
				wait_ms = left_ms < 0 ? 0 : (int)left_ms;
		}
		if (w->early_used < w->early.n)
			wait_ms = 0;
		poll(p, fd >= 0 ? 2 : 1, wait_ms);
		if (p[0].revents || w->early_used < w->early.n)
			listen_to(w);
		if (w->closed)
			break;
		if (fd >= 0 && p[1].revents)
			return WEBSOCKET_READABLE;
		if (timeout_ms >= 0 && time_mono_ns() >= end_ns)
			return WEBSOCKET_TIMEOUT;
	}
	return WEBSOCKET_CLOSED;
}

int websocket_send(struct websocket *w, struct bytes text, int timeout_ms, struct err *e)
{
	if (w->closed || w->said_goodbye)
		return err_set(e, ERR_IO, "the client has gone");
	if (send_frame(w, WSLAY_TEXT_FRAME, text, timeout_ms, e) < 0)
		return -1;
	/* It is there, though it may not have come to our ping yet. */
	if (w->pinged_ns)
		w->pinged_ns = time_mono_ns();
	return 0;
}

/* --- its begin and end --- */

struct websocket *websocket_new(void)
{
	static const struct wslay_frame_callbacks calls = { .send_callback = transmit,
							    .recv_callback = receive };
	struct websocket *w = mem_alloc(sizeof(*w));

	if (wslay_frame_context_init(&w->frames, &calls, w) != 0)
		abort(); /* a small size of its own: out of memory */
	w->fd = -1;
	w->closed = true;
	return w;
}

void websocket_begin(struct websocket *w, int fd, struct bytes early)
{
	w->fd = fd;
	w->closed = false;
	w->heard_ns = time_mono_ns();
	buf_add_bytes(&w->early, early);
}

void websocket_part(struct websocket *w)
{
	int64_t end_ns = time_mono_ns() + GOODBYE_MS * NS_PER_MS;
	char dropped[4096];

	websocket_goodbye(w, 1000, "");
	if (!w->said_goodbye)
		return;
	shutdown(w->fd, SHUT_WR);
	for (;;) {
		struct pollfd p = { .fd = w->fd, .events = POLLIN };
		int64_t left_ms = (end_ns - time_mono_ns()) / NS_PER_MS;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0 ||
		    recv(w->fd, dropped, sizeof(dropped), MSG_DONTWAIT) <= 0)
			return;
	}
}

void websocket_free(struct websocket *w)
{
	wslay_frame_context_free(w->frames);
	buf_release(&w->early);
	buf_release(&w->control);
	buf_release(&w->message);
	free(w);
}
