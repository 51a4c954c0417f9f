/*
 * Decoders of what clients push: they go through a body once, and give streams and entries to a
 * sink as they come, without a tree between. Bytes given to the sink are valid only until it
 * returns. A body that is not well-formed is an error of the decoder: who keeps what the sink has
 * got throws it away. What is well-formed and yet not to be taken (labels, sizes, times) is for the
 * sink to decide.
 *
 * For one thread each. No allocation per entry: scratch is the arena's, which the decoder resets
 * between entries.
 */
#ifndef PUSH_PUSH_H
#define PUSH_PUSH_H

#include "labels/labels.h"

/* A stream's labels as the body has them. Equal spellings of one form are equal labels, so that a
 * sink may keep what it knows of them by their bytes. */
struct push_labels {
	enum push_labels_form {
		PUSH_LABELS_TEXT,  /* {app="web"} */
		PUSH_LABELS_JSON,  /* {"app":"web"}; a number's value is its text */
		PUSH_LABELS_PAIRS, /* spelling: the labels' binary form (labels_encode), normalised
				    */
	} form;
	struct bytes spelling;
};

/* Normalised; strings lie in the arena, or are the spelling's. Errors: ERR_USAGE, in Loki's words
 * when a name is not one; ERR_LIMIT; ERR_CORRUPT, no binary form. */
MUST_CHECK int push_labels_parse(const struct push_labels *l, struct arena *a, struct labels *ret,
				 struct err *e);

/* Whether push_labels_parse fails since a name is there twice, and for nothing else: which. It lies
 * in the arena. */
bool push_labels_twice(const struct push_labels *l, struct arena *a, struct bytes *ret_name);

/* Of one entry; what a tenant may have is the sink's affair. */
enum { PUSH_META_MAX = 1024 };

struct push_sink {
	/* The stream that the entries up to the next call belong to, if there are any. -1 ends
	 * decoding. */
	int (*stream)(void *data, const struct push_labels *l, struct err *e);
	/* One entry. meta is not sorted; names may come twice. -1 ends decoding. */
	int (*entry)(void *data, int64_t ts_ns, struct bytes line, const struct label *meta,
		     size_t n_meta, struct err *e);
	void *data;
};

/*
 * Errors of all: ERR_USAGE or ERR_CORRUPT, the body is not what it should be (in Loki's words where
 * clients know them); ERR_LIMIT, too much of something; the sink's own.
 */

/* Loki's push request, taken out of snappy. Of no known number: stepped over. A stream without
 * labels has those of {}. */
MUST_CHECK int push_protobuf(struct bytes message, const struct push_sink *sink, struct arena *a,
			     struct err *e);

/*
 * {"streams":[{"stream":{"app":"web"},"values":[["<ns>","line",{"name":"value"}]]}]}, and the form
 * before that, {"streams":[{"labels":"{app=\"web\"}","entries":[{"ts":"<RFC 3339>","line":""}]}]}.
 * Members in any order, others are stepped over; a line may be a number or a boolean, which is
 * then its text. Lines keep bytes that are not UTF-8.
 */
MUST_CHECK int push_json(struct bytes body, const struct push_sink *sink, struct arena *a,
			 struct err *e);
/* The same, but a value of structured metadata that has escapes keeps them as they stand in the
 * body: "a \"b\"" has two backslashes. That is what Loki makes of it. */
MUST_CHECK int push_json_as_loki(struct bytes body, const struct push_sink *sink, struct arena *a,
				 struct err *e);

#endif
