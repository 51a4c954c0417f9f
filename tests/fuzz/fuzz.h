/*
 * A fuzz target defines this function. It gets any bytes, prints nothing, keeps no state between
 * calls, and aborts when an answer is wrong. It returns 0.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
