/* timestamp: what is read is written so that it reads the same, and is a date and a time. */
#include "model/timestamp.h"
#include "tests/fuzz/fuzz.h"

enum { DATE_BYTES = 10 };

static bool is_halves(struct bytes text)
{
    return text.len > DATE_BYTES && timestamp_is_date((struct bytes){ text.p, DATE_BYTES }) &&
           (text.p[DATE_BYTES] == 'T' || text.p[DATE_BYTES] == 't') &&
           timestamp_is_time((struct bytes){ text.p + DATE_BYTES + 1, text.len - DATE_BYTES - 1 });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t first_us = -62167219200000000, last_us = 253402300799999999; /* of the years 0000 to 9999 */
    struct bytes text = fuzz_input(data, size);
    char written[TIMESTAMP_TEXT_BYTES + 1];
    int64_t us, again;
    bool is_timestamp = timestamp_parse(text, &us);

    MUST(is_timestamp == is_halves(text));
    if (is_timestamp && us >= first_us && us <= last_us) {
        timestamp_format(us, written);
        MUST(timestamp_parse(bytes_of(written), &again) && again == us);
    }
    return 0;
}
