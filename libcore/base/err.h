/*
 * Errors: one type, on the caller's stack, no allocation. Who knows the cause sets the
 * code, each caller that knows more wraps once, only cli/ or an HTTP handler reports.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_CHECK	   __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, va) __attribute__((format(printf, f, va)))

enum err_code {
	ERR_NONE,
	ERR_NO,	     /* worked, and the answer is no */
	ERR_USAGE,   /* the command line is wrong */
	ERR_QUERY,   /* the query is wrong */
	ERR_CORRUPT, /* the input is damaged: checksum, magic, cut short */
	ERR_VERSION, /* the input is of a kind or version that we do not read */
	ERR_LIMIT,   /* the input is over a limit */
	ERR_IO,	     /* the system failed us */
	ERR_FULL,    /* no space left on the device, or over a quota */
	ERR_NOMEM,   /* a size from outside that we cannot hold */
	ERR_AGAIN,   /* not now; a retry may work */
	ERR_BUG,     /* ours */
};

enum { ERR_MSG_MAX = 512 };

struct err {
	enum err_code code;
	char msg[ERR_MSG_MAX];
};

/*
 * Sets code and message, and returns -1, so that a caller can `return err_set(...)`.
 * e may be NULL. Too long a message is cut. Control bytes in it are replaced by '?'.
 */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same with ": " and strerror(errno) behind; the code is ERR_FULL for ENOSPC and EDQUOT,
 * ERR_AGAIN for EAGAIN, ERR_NOMEM for ENOMEM, else ERR_IO. */
int err_sys(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "PREFIX: " before the message that e has; keeps the code; returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The analyzer looks at one file at a time and would think that they may return 0. */
#ifdef __clang_analyzer__
#define err_set(...)  ((err_set)(__VA_ARGS__), -1)
#define err_sys(...)  ((err_sys)(__VA_ARGS__), -1)
#define err_wrap(...) ((err_wrap)(__VA_ARGS__), -1)
#endif

/* The exit status of a program that ends with this code: the one place that knows it. */
int err_exit_code(enum err_code code);

#endif
