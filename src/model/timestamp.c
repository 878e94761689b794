#include "model/timestamp.h"

#include <stdio.h>
#include <time.h>

/* Reads two digits. */
static inline bool two_digits(const char *p, int *value)
{
    unsigned tens = (unsigned char)p[0] - (unsigned)'0', ones = (unsigned char)p[1] - (unsigned)'0';

    *value = (int)(tens * 10 + ones);
    return tens <= 9 && ones <= 9;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar. Years are counted from March, so that the leap day is
 * the last day of its year. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

/* ".123": at least one digit; what is past the microsecond is cut off. */
static inline bool fraction(struct bytes text, size_t *at, int *us)
{
    int scale = 100000;
    size_t first = *at + 1, i = first;

    *us = 0;
    if (*at >= text.len || text.p[*at] != '.')
        return true;
    for (; i < text.len; i++, scale /= 10) {
        unsigned digit = (unsigned char)text.p[i] - (unsigned)'0';
        if (digit > 9)
            break;
        *us += (int)digit * scale;
    }
    *at = i;
    return i > first;
}

/* "Z" or "+02:00", to the end of text. */
static inline bool offset(struct bytes text, int *minutes)
{
    enum { OFFSET_BYTES = 6 };
    int hour, minute;

    *minutes = 0;
    if (text.len == 1)
        return text.p[0] == 'Z' || text.p[0] == 'z';
    if (text.len != OFFSET_BYTES || (text.p[0] != '+' && text.p[0] != '-') || text.p[3] != ':' || !two_digits(text.p + 1, &hour) ||
        !two_digits(text.p + 4, &minute) || hour > 23 || minute > 59)
        return false;
    *minutes = (hour * 60 + minute) * (text.p[0] == '-' ? -1 : 1);
    return true;
}

struct date {
    int year, month, day;
};

struct time_of_day {
    int hour, minute, second, micros, offset_minutes;
};

enum { DATE_BYTES = 10, TIME_BYTES = 8 /* to the second */ };

/* "2026-11-20", a day that there is, at the beginning of text. */
static inline bool date(struct bytes text, struct date *date)
{
    const char *p = text.p;
    int century, year;

    if (text.len < DATE_BYTES || p[4] != '-' || p[7] != '-' || !two_digits(p, &century) || !two_digits(p + 2, &year) ||
        !two_digits(p + 5, &date->month) || !two_digits(p + 8, &date->day))
        return false;
    date->year = century * 100 + year;
    return date->month >= 1 && date->month <= 12 && date->day >= 1 && date->day <= days_in_month(date->year, date->month);
}

/* "10:00:00.5+02:00", to the end of text. A leap second is at the end of a day in UTC. */
static inline bool time_of_day(struct bytes text, struct time_of_day *time)
{
    const char *p = text.p;
    size_t at = TIME_BYTES;

    if (text.len <= TIME_BYTES || p[2] != ':' || p[5] != ':' || !two_digits(p, &time->hour) || !two_digits(p + 3, &time->minute) ||
        !two_digits(p + 6, &time->second) || !fraction(text, &at, &time->micros) ||
        !offset((struct bytes){ p + at, text.len - at }, &time->offset_minutes) || time->hour > 23 || time->minute > 59)
        return false;
    if (time->second < 60)
        return true;
    int utc_minutes = time->hour * 60 + time->minute - time->offset_minutes;
    return time->second == 60 && (utc_minutes + 2 * 1440) % 1440 == 1439;
}

bool timestamp_is_date(struct bytes text)
{
    struct date day;

    return text.len == DATE_BYTES && date(text, &day);
}

bool timestamp_is_time(struct bytes text)
{
    struct time_of_day time;

    return time_of_day(text, &time);
}

bool timestamp_parse(struct bytes text, int64_t *us)
{
    struct date day;
    struct time_of_day time;

    if (!date(text, &day) || text.len == DATE_BYTES || (text.p[DATE_BYTES] | 0x20) != 't' ||
        !time_of_day((struct bytes){ text.p + DATE_BYTES + 1, text.len - DATE_BYTES - 1 }, &time))
        return false;
    int64_t minutes = days_since_1970(day.year, day.month, day.day) * 1440 + time.hour * 60 + time.minute - time.offset_minutes;
    *us = (minutes * 60 + time.second) * 1000000 + time.micros;
    return true;
}

void timestamp_format(int64_t us, char text[TIMESTAMP_TEXT_BYTES + 1])
{
    static const int64_t first_us = INT64_C(-62167219200) * 1000000, last_us = INT64_C(253402300800) * 1000000 - 1;
    struct tm utc = { 0 };

    us = us < first_us ? first_us : us > last_us ? last_us : us;
    int64_t micros = (us % 1000000 + 1000000) % 1000000;
    time_t seconds = (time_t)((us - micros) / 1000000);
    gmtime_r(&seconds, &utc);
    /* Each within its digits; the compiler cannot know. */
    snprintf(text, TIMESTAMP_TEXT_BYTES + 1, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned)(utc.tm_year + 1900) % 10000,
             (unsigned)(utc.tm_mon + 1) % 100, (unsigned)utc.tm_mday % 100, (unsigned)utc.tm_hour % 100, (unsigned)utc.tm_min % 100,
             (unsigned)utc.tm_sec % 100, (unsigned)micros % 1000000);
}
