#include "prompt/edit.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <wchar.h>

#include "base/dynlib.h"
#include "base/interrupt.h"
#include "base/mem.h"
#include "prompt/history.h"

/* Libedit wants a byte that switches between what is shown and what only the terminal sees. */
enum { PROMPT_SWITCH = 1 };

/* What is used of libedit, which is loaded when a line is first to be edited: every query starts a
 * program, and nearly none has a prompt. Set once, before libedit calls anything. */
static struct {
	__typeof__(el_init) *init;
	__typeof__(el_end) *end;
	__typeof__(el_get) *get;
	__typeof__(el_set) *set;
	__typeof__(el_wset) *wset;
	__typeof__(el_source) *source;
	__typeof__(el_resize) *resize;
	__typeof__(el_line) *line;
	__typeof__(el_insertstr) *insertstr;
	__typeof__(el_gets) *gets;
	__typeof__(history) *history;
	__typeof__(history_init) *history_init;
	__typeof__(history_end) *history_end;
	struct err missing;
} lib;

static pthread_once_t lib_once = PTHREAD_ONCE_INIT;

static void load_lib(void)
{
	static const char *const names[] = { "libedit.so.2", "libedit.so.0" };
	const struct dynlib_function v[] = {
		{ "el_init", &lib.init },
		{ "el_end", &lib.end },
		{ "el_get", &lib.get },
		{ "el_set", &lib.set },
		{ "el_wset", &lib.wset },
		{ "el_source", &lib.source },
		{ "el_resize", &lib.resize },
		{ "el_line", &lib.line },
		{ "el_insertstr", &lib.insertstr },
		{ "el_gets", &lib.gets },
		{ "history", &lib.history },
		{ "history_init", &lib.history_init },
		{ "history_end", &lib.history_end },
	};

	if (dynlib_load(names,
			"libedit, which edits the lines of a prompt, is not here (libedit.so.2; in "
			"Debian the package libedit2)",
			v, sizeof(v) / sizeof(*v), &lib.missing) == 0)
		lib.missing.code = ERR_NONE;
}

struct edit {
	EditLine *el;
	History *history;
	FILE *out;
	int signals; /* a descriptor: SIGINT, the terminal has another size, we go on after a stop
		      */
	bool interrupted;
	edit_tab_fn *tab;
	void *tab_data;
	char prompt[EDIT_PROMPT_MAX + 20];
};

void edit_size(FILE *out, unsigned *ret_cols, unsigned *ret_rows)
{
	struct winsize w = { 0 };

	if (ioctl(fileno(out), TIOCGWINSZ, &w) < 0)
		w = (struct winsize){ 0 };
	*ret_cols = w.ws_col ? w.ws_col : 80;
	*ret_rows = w.ws_row ? w.ws_row : 24;
}

/* --- what libedit calls ---------------------------------------------------------------------- */

static struct edit *of(EditLine *el)
{
	void *x;

	lib.get(el, EL_CLIENTDATA, &x);
	return x;
}

static char *show_prompt(EditLine *el)
{
	return of(el)->prompt;
}

/* False: the line is given up. */
static bool take_signal(struct edit *x)
{
	struct signalfd_siginfo info;

	if (read(x->signals, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo == SIGINT) {
		x->interrupted = true;
		return false;
	}
	if (info.ssi_signo == SIGCONT)
		lib.set(x->el, EL_PREP_TERM, 1);
	lib.resize(x->el);
	lib.set(x->el, EL_REFRESH);
	return true;
}

/* One character; bytes that are none are left out. libedit's own reading would take the first
 * Ctrl-C for nothing, and the next for the end. */
static int next_char(EditLine *el, wchar_t *ret)
{
	struct edit *x = of(el);
	struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN },
			      { .fd = x->signals, .events = POLLIN } };
	mbstate_t state = { 0 };
	char c;

	for (;;) {
		ssize_t n;

		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (p[1].revents & POLLIN && !take_signal(x))
			return -1;
		if (!p[0].revents)
			continue;
		n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		switch (mbrtowc(ret, &c, 1, &state)) {
		case (size_t)-2:
			break; /* more bytes of it are to come */
		case (size_t)-1:
			state = (mbstate_t){ 0 };
			break;
		default:
			return 1;
		}
	}
}

static unsigned char on_tab(EditLine *el, int key)
{
	struct edit *x = of(el);
	const LineInfo *line = lib.line(el);
	struct buf insert = { 0 }, show = { 0 };
	unsigned cols, rows;
	unsigned char ret = CC_ERROR; /* beeps */

	(void)key;
	edit_size(x->out, &cols, &rows);
	x->tab(x->tab_data, bytes_of(line->buffer, (size_t)(line->cursor - line->buffer)), cols,
	       rows, &insert, &show);
	if (insert.n && lib.insertstr(el, buf_str(&insert)) == 0)
		ret = CC_REFRESH;
	if (show.n) {
		fprintf(x->out, "\n%s", buf_str(&show));
		ret = CC_REDISPLAY;
	}
	buf_release(&insert);
	buf_release(&show);
	return ret;
}

/* --- the line -------------------------------------------------------------------------------- */

static int open_signals(struct err *e)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGCONT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(e, "cannot block signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, "cannot wait for signals") : fd;
}

static void bind_keys(EditLine *el)
{
	static const char *const keys[][2] = {
		{ "^I", "logql-complete" },	     { "^R", "em-inc-search-prev" },
		{ "\\e[3~", "ed-delete-next-char" }, { "\\e[1~", "ed-move-to-beg" },
		{ "\\e[4~", "ed-move-to-end" },	     { "\\e[1;5D", "ed-prev-word" },
		{ "\\e[1;5C", "em-next-word" },
	};

	lib.set(el, EL_EDITOR, "emacs");
	/* Wide, since libedit never frees what it makes of others. */
	lib.wset(el, EL_ADDFN, L"logql-complete", L"Complete what stands before the cursor",
		 on_tab);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		lib.set(el, EL_BIND, keys[i][0], keys[i][1], NULL);
	lib.source(el, NULL);
}

struct edit *edit_new(const char *prog, FILE *out, edit_tab_fn *tab, void *data, struct err *e)
{
	struct edit *x = mem_alloc(sizeof(*x));
	HistEvent event;

	x->out = out;
	x->tab = tab;
	x->tab_data = data;
	x->signals = -1;
	pthread_once(&lib_once, load_lib);
	if (lib.missing.code != ERR_NONE) {
		err_set(e, lib.missing.code, "%s", lib.missing.msg);
		goto fail;
	}
	x->signals = open_signals(e);
	if (x->signals < 0)
		goto fail;
	x->el = lib.init(prog, stdin, out, stderr);
	x->history = lib.history_init();
	if (!x->el || !x->history) {
		err_set(e, ERR_IO, "libedit does not know this terminal");
		goto fail;
	}
	lib.history(x->history, &event, H_SETSIZE, HISTORY_MAX);
	lib.history(x->history, &event, H_SETUNIQUE, 1);
	lib.set(x->el, EL_CLIENTDATA, x);
	lib.set(x->el, EL_SIGNAL, 0);
	lib.set(x->el, EL_GETCFN, next_char);
	lib.set(x->el, EL_HIST, lib.history, x->history);
	lib.set(x->el, EL_PROMPT_ESC, show_prompt, PROMPT_SWITCH);
	bind_keys(x->el);
	return x;
fail:
	edit_free(x);
	return NULL;
}

void edit_free(struct edit *x)
{
	if (!x)
		return;
	if (x->el)
		lib.end(x->el);
	if (x->history)
		lib.history_end(x->history);
	if (x->signals >= 0)
		close(x->signals);
	free(x);
}

void edit_remember(struct edit *x, const char *text)
{
	HistEvent event;

	lib.history(x->history, &event, H_ENTER, text);
}

enum edit_got edit_line(struct edit *x, const char *prompt, enum edit_weight weight,
			struct buf *ret)
{
	const char *text;
	int n = 0;

	/* The blank is outside: libedit shows a sequence with the character behind it. */
	snprintf(x->prompt, sizeof(x->prompt),
		 weight == EDIT_BOLD ? "\1\x1b[1m\1%.*s\1\x1b[0m\1 " : "%.*s ", EDIT_PROMPT_MAX,
		 prompt);
	x->interrupted = false;
	text = lib.gets(x->el, &n);
	interrupt_take(); /* what Tab was stopped by, too */
	buf_reset(ret);
	if (text && n > 0) {
		buf_add(ret, text, (size_t)n);
		if (ret->p[ret->n - 1] == '\n')
			ret->n--;
		return EDIT_LINE;
	}
	return x->interrupted ? EDIT_INTERRUPTED : EDIT_END;
}
