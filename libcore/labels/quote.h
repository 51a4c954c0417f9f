/* Strings in quotes as Go writes and reads them: label sets as text and LogQL have them. */
#ifndef LABELS_QUOTE_H
#define LABELS_QUOTE_H

#include "base/buf.h"

/* Appends text in double quotes, as Go's strconv.Quote: \n \t ... for controls, \xNN for bytes that
 * are not UTF-8. */
void quote_add(struct buf *b, struct bytes text);

enum quote_style {
	QUOTE_PLAIN,
	QUOTE_ASCII, /* what is not ASCII is escaped too */
	QUOTE_RUNE,  /* '.' round the one character of text */
	QUOTE_RUNE_ASCII,
};
void quote_add_as(struct buf *b, struct bytes text, enum quote_style style);

/*
 * A string in double quotes (escapes \a \b \f \n \r \t \v \\ \" \NNN \xNN \uNNNN \UNNNNNNNN) or in
 * backticks (raw) at the start of text: appends its value to out and returns its length with
 * quotes; 0 when none is there, it does not end, or an escape is bad. A newline may stand only in
 * backticks.
 */
size_t quote_scan(struct bytes text, struct buf *out);

#endif
