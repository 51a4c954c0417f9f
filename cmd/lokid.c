/* lokid - the daemon that is Loki to its clients. */
#include <stdio.h>

#include "cli/cli.h"
#include "server/config_check.h"
#include "server/config_override.h"
#include "server/config_read.h"
#include "server/loki_flags.h"
#include "server/server.h"
#include "store/store.h"

enum {
	OPT_CONFIG = CLI_LONG,
	OPT_EXPAND,
	OPT_DATA,
	OPT_STORE,
	OPT_LISTEN,
	OPT_LOG_LEVEL,
	OPT_LOG_FORMAT,
	OPT_CHECK,
	OPT_PRINT,
};

static const struct cli_opt opts[] = {
	{ OPT_CONFIG, "config", "FILE", "settings, in YAML; keys are Loki's where the thing is" },
	{ OPT_EXPAND, "expand-env", NULL,
	  "in FILE, ${NAME} and ${NAME:DEFAULT} stand for variables" },
	{ OPT_DATA, "data", "DIR", "folder of all data (lokid-data)" },
	{ OPT_STORE, "store", "DIR", "the store (DATA/store)" },
	{ OPT_LISTEN, "listen", "[ADDR]:PORT", "where HTTP is listened for; port 0: any (:3100)" },
	{ OPT_LOG_LEVEL, "log-level", "debug|info|warn|error", "what is said on stderr (info)" },
	{ OPT_LOG_FORMAT, "log-format", "logfmt|json", "and how (logfmt)" },
	{ OPT_CHECK, "check-config", NULL, "check the settings, say what is not used, and end" },
	{ OPT_PRINT, "print-config", NULL, "print the settings in force, and end" },
	{ 0 },
};

struct args {
	struct cli *cli;
	const char *config, *data, *store, *listen;
	int log_level, log_format; /* -1: as the settings have it */
	bool expand, check, print;
};

static void parse_options(struct args *a, int argc, char **argv)
{
	static const char *const formats[] = { "logfmt", "json", NULL };

	for (int c; (c = cli_next(a->cli, argc, argv)) != -1;) {
		switch (c) {
		case OPT_CONFIG:
			a->config = cli_arg(a->cli);
			break;
		case OPT_EXPAND:
			a->expand = true;
			break;
		case OPT_DATA:
			a->data = cli_arg(a->cli);
			break;
		case OPT_STORE:
			a->store = cli_arg(a->cli);
			break;
		case OPT_LISTEN:
			a->listen = cli_arg(a->cli);
			break;
		case OPT_LOG_LEVEL:
			a->log_level = cli_word(a->cli, log_level_words);
			break;
		case OPT_LOG_FORMAT:
			a->log_format = cli_word(a->cli, formats);
			break;
		case OPT_CHECK:
			a->check = true;
			break;
		case OPT_PRINT:
			a->print = true;
			break;
		}
	}
	if (a->cli->n_operands)
		cli_usage(a->cli, "unexpected operand '%s'", a->cli->operand[0]);
}

/* What is only mapped is said when the file is checked alone. The daemon says warnings itself, in
 * its log. */
static void on_report(void *data, enum report_kind kind, const char *text)
{
	struct args *a = data;
	struct err e;

	switch (kind) {
	case REPORT_NOTE:
		if (a->check)
			cli_note(a->cli, "%s", text);
		break;
	case REPORT_WARNING:
		if (a->check || a->print)
			cli_warn(a->cli, "%s", text);
		break;
	case REPORT_ERROR:
		err_set(&e, ERR_USAGE, "%s", text);
		cli_report(a->cli, &e);
		break;
	}
}

/* The settings: the file's, and over them the command line's. */
static int read_config(struct args *a, struct config *c, struct err *e)
{
	struct report r = { .say = on_report, .data = a };

	config_init(c);
	if (a->config &&
	    config_read(a->config, a->expand ? CONFIG_EXPAND : CONFIG_AS_IT_IS, c, &r, e) < 0)
		return -1;
	if (a->data && store_check_folder(a->data, e) < 0)
		return err_wrap(e, "--data");
	if (a->store && store_check_path(a->store, e) < 0)
		return err_wrap(e, "--store");
	if (a->data)
		config_set_data(c, a->data);
	if (a->store)
		config_set_store(c, a->store);
	if (a->listen && config_set_listen(c, a->listen, e) < 0)
		return err_wrap(e, "--listen");
	if (a->log_level >= 0)
		c->server.log_level = (enum log_level)a->log_level;
	if (a->log_format >= 0)
		c->server.log_format = (enum config_log_format)a->log_format;
	return 0;
}

/* The files of overrides are looked at too, and with --check-config what else is named. */
static int check(struct args *a, const struct config *c, struct err *e)
{
	struct report r = { .say = on_report, .data = a };
	struct limits_set *limits;
	struct buf text = { 0 };

	if (config_limits(c, CONFIG_ABSENT_WARNS, &limits, &r, e) < 0)
		return -1;
	if (a->check)
		config_check_machine(c, &r);
	if (a->print) {
		config_write(c, limits, &text);
		fwrite(text.p, 1, text.n, stdout);
	}
	buf_release(&text);
	limits_set_drop(limits);
	return 0;
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.prog = "lokid",
		.section = 8,
		.about = "Answer pushes and queries of Loki's clients over HTTP.",
		.opts = opts,
		.examples = "  lokid\n"
			    "  lokid --config /etc/lokid.yaml --data /var/lib/lokid",
	};
	struct args a = { .cli = &cli, .log_level = -1, .log_format = -1 };
	struct arena flags = { 0 };
	struct config config;
	struct err e;
	int rc;

	argc = loki_flags_rewrite(argc, argv, &flags, &e);
	if (argc < 0)
		cli_usage(&cli, "%s", e.msg);
	parse_options(&a, argc, argv);
	rc = read_config(&a, &config, &e);
	if (rc == 0 && (a.print || a.check))
		rc = check(&a, &config, &e);
	else if (rc == 0)
		rc = server_run(&config, &e);
	if (rc < 0)
		cli_report(&cli, &e);
	config_release(&config);
	arena_release(&flags);
	return cli_exit(&cli);
}
