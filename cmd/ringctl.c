/* ringctl - who of many instances has which stream: keep a ring, ask it, plan with it. */
#include <unistd.h>

#include "cli/cli.h"
#include "cli/output.h"
#include "ring/command.h"

struct args {
	struct cli *cli;
	struct ring_command command;
};

static void on_note(const char *text, void *data)
{
	cli_note(((const struct args *)data)->cli, "%s", text);
}

static void on_warning(const char *text, void *data)
{
	cli_warn(((const struct args *)data)->cli, "%s", text);
}

static int run(void *data, struct err *e)
{
	struct args *a = data;
	int rc = ring_command(&a->command, a->cli->operand, (size_t)a->cli->n_operands, e);

	if (rc < 0 && e->code == ERR_NO) /* an answer, and the output stands: but people are told */
		cli_report(a->cli, e);
	return rc;
}

int main(int argc, char **argv)
{
	struct args a = { .command = { .note = on_note, .warn = on_warning } };
	struct cli cli = {
		.prog = "ringctl",
		.operands = "COMMAND [OPERAND]",
		.about = "Keep a ring of instances: who of them has which stream.",
		.verbs = ring_verbs,
		.taken = ring_options,
		.data = &a.command.opts,
		.examples = "ringctl join i-1 --zone a --addr 10.0.0.1:3100\n"
			    "ringctl status\n"
			    "ringctl owner '{app=\"web\"}' -t acme",
	};

	a.cli = &cli;
	a.command.data = &a;
	ring_opts_init(&a.command.opts);
	a.command.opts.clear = isatty(STDOUT_FILENO);
	while (cli_next(&cli, argc, argv) != -1)
		; /* each is taken */
	if (cli.n_operands == 0)
		cli_usage(&cli, "no command given");
	cli_output_run(&cli, a.command.opts.output, run, &a);
	ring_opts_release(&a.command.opts);
	return cli_exit(&cli);
}
