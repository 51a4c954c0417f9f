/* Plain lines: one stream, each line an entry at its time of arrival. */
#include "chunk/chunk.h"
#include "codec/stream.h"
#include "ingest/batch.h"
#include "ingest/input.h"
#include "time/time.h"
#include "wal/format.h"

/* The stream that all lines go to; its number changes when streams are forgotten. */
static int get_stream(struct ingest *in, uint32_t *ret, struct err *e)
{
	return label_cache_get(&in->cache, in->opts->tenant, TENANT_DEFAULT, (struct bytes){ 0 },
			       ret, e);
}

/* Takes the lines that were read. 1 = read more, 0 = the end. */
static int take_lines(struct ingest *in, struct input *input, const char *name, struct err *e)
{
	enum input_got got = INPUT_MORE;
	int64_t now = time_now_ns();
	struct bytes line;
	uint32_t stream;

	if (get_stream(in, &stream, e) < 0)
		return -1;
	while (!batch_is_full(in) && (got = input_line(input, &line)) == INPUT_LINE) {
		in->n_lines++;
		if (input->cut && in->opts->long_lines == INGEST_REFUSE_LONG) {
			struct err bad;

			err_set(&bad, ERR_LIMIT, "'%s': line %llu: longer than %zu bytes, refused",
				name, (unsigned long long)in->n_lines, input->line_max);
			tally(&in->counts.too_long, 1, line.n);
			batch_bad(in, &bad);
			continue;
		}
		in->counts.cut.n += input->cut;
		batch_add(in, stream, batch_arrival(in, now), line, NULL, 0);
	}
	return got != INPUT_END;
}

/* The beginning of an input that is hardly a log of lines. */
static int look_at(struct ingest *in, struct bytes start, const char *name, struct err *e)
{
	struct err warning;

	if (!codec_is_binary(start))
		return 0; /* a line of text may begin as a magic does */
	if (wal_is_magic(start))
		return err_set(e, ERR_CORRUPT,
			       "a segment of the log, not lines: --input frames takes it");
	if (chunk_is_magic(start))
		return err_set(e, ERR_CORRUPT,
			       "chunks, not lines: chunkcat prints their entries, and --input "
			       "jsonl takes those");
	if (in->opts->warn) {
		err_set(&warning, ERR_CORRUPT, CODEC_IS_BINARY, name);
		in->opts->warn(&warning, in->opts->data);
	}
	return 0;
}

static int read_more(struct ingest *in, struct input *input, const char *name, struct err *e)
{
	bool first = input->n_read == 0;
	int rc = batch_fill(in, input, e);

	return rc == 0 && first ? look_at(in, buf_bytes(&input->buf), name, e) : rc;
}

int ingest_lines(struct ingest *in, int fd, const char *name, struct err *e)
{
	struct input input;
	int rc;

	input_init(&input, fd, in->opts->line_max);
	while ((rc = take_lines(in, &input, name, e)) > 0) {
		bool more = batch_wants_more(in, &input);

		if (batch_is_over(in))
			break;
		if (more && read_more(in, &input, name, e) < 0) {
			rc = -1;
			break;
		}
	}
	if (in->opts->long_lines == INGEST_REFUSE_LONG)
		tally(&in->counts.too_long, 0, input.n_left_out);
	else
		tally(&in->counts.cut, 0, input.n_left_out);
	input_release(&input);
	return rc;
}
