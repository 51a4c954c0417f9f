/*
 * Records: objects of JSON with fields of any names, as Elasticsearch's _bulk and JSON lines carry
 * them. Which field is the line, which the time, which are labels is told by names; the others are
 * structured metadata. lokid-push(7), "RECORDS".
 */
#ifndef PUSH_RECORDS_H
#define PUSH_RECORDS_H

#include "push/push.h"

/* Of each list of names, and of .extra: what each record is held against. */
enum { PUSH_FIELDS_MAX = 128 };

/* Lists of names, comma between; in a list the first that a record has, and that is not empty,
 * counts. A field of an object in the record is named with a dot between. */
struct push_fields {
	struct bytes message; /* the line; of none of these the record itself is it, as it was sent
			       */
	struct bytes time;    /* none of these: the time of its coming */
	struct bytes stream;  /* all of these are labels */
	struct bytes ignore;  /* all of these are left out */
	struct bytes extra;   /* name=value, comma between: more labels of all */
};

extern const struct push_fields push_bulk_fields;  /* message, @timestamp */
extern const struct push_fields push_jsonl_fields; /* _msg, message, ... */

enum push_action { PUSH_CREATE, PUSH_INDEX, PUSH_UPDATE, PUSH_DELETE };

/* Told of each record, for answers that list them. */
struct push_watch {
	/* One more record: what the sink is given until the next one is of it. -1 ends decoding. */
	int (*begin)(void *data, enum push_action action, struct err *e);
	/* It is not taken; decoding goes on behind it. */
	void (*bad)(void *data, const struct err *why);
	void *data;
};

/*
 * An object a line; blank lines are nothing. A record that is no JSON, or has what is not a time in
 * a field of that name, is told to watch, and left out. Labels are of PUSH_LABELS_PAIRS. Errors:
 * also those of fields: ERR_USAGE, .extra is none; ERR_LIMIT, more than PUSH_FIELDS_MAX.
 */
MUST_CHECK int push_jsonl(struct bytes body, const struct push_fields *fields, int64_t now_ns,
			  const struct push_watch *watch, const struct push_sink *sink,
			  struct arena *a, struct err *e);

/*
 * The same with a line before each record that says what to do with it: {"create":{"_index":"x"}}.
 * The index's name is a field "_index". delete and update are bad records. Errors: also ERR_USAGE,
 * such a line is none, or nothing stands behind it: then it is not known where records begin.
 */
MUST_CHECK int push_bulk(struct bytes body, const struct push_fields *fields, int64_t now_ns,
			 const struct push_watch *watch, const struct push_sink *sink,
			 struct arena *a, struct err *e);

#endif
