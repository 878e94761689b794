#include "model/timestamp.h"

#include <stdio.h>
#include <time.h>

/* Reads exactly n digits at *at. */
static bool digits(struct bytes text, size_t *at, size_t n, int *value)
{
    int sum = 0;

    if (n > text.len || *at > text.len - n)
        return false;
    for (size_t end = *at + n; *at < end; (*at)++) {
        unsigned digit = (unsigned char)text.p[*at] - (unsigned)'0';
        if (digit > 9)
            return false;
        sum = sum * 10 + (int)digit;
    }
    *value = sum;
    return true;
}

/* Steps over one character of set. */
static bool one_of(struct bytes text, size_t *at, const char *set, char *found)
{
    if (*at >= text.len)
        return false;
    for (; *set; set++) {
        if (text.p[*at] == *set) {
            *found = *set;
            (*at)++;
            return true;
        }
    }
    return false;
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
static bool fraction(struct bytes text, size_t *at, int *us)
{
    int scale = 100000;
    char point;
    int digit;

    *us = 0;
    if (!one_of(text, at, ".", &point))
        return true;
    if (!digits(text, at, 1, &digit))
        return false;
    do {
        *us += digit * scale;
        scale /= 10;
    } while (digits(text, at, 1, &digit));
    return true;
}

/* "Z" or "+02:00". */
static bool offset(struct bytes text, size_t *at, int *minutes)
{
    char sign, colon;
    int hour, minute;

    if (!one_of(text, at, "Zz+-", &sign))
        return false;
    *minutes = 0;
    if (sign == 'Z' || sign == 'z')
        return true;
    if (!digits(text, at, 2, &hour) || !one_of(text, at, ":", &colon) || !digits(text, at, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *minutes = (hour * 60 + minute) * (sign == '-' ? -1 : 1);
    return true;
}

struct date {
    int year, month, day;
};

struct time_of_day {
    int hour, minute, second, micros, offset_minutes;
};

/* "2026-11-20", a day that there is. */
static bool date(struct bytes text, size_t *at, struct date *date)
{
    char c;

    return digits(text, at, 4, &date->year) && one_of(text, at, "-", &c) && digits(text, at, 2, &date->month) &&
           one_of(text, at, "-", &c) && digits(text, at, 2, &date->day) && date->month >= 1 && date->month <= 12 &&
           date->day >= 1 && date->day <= days_in_month(date->year, date->month);
}

/* "10:00:00.5+02:00", to the end of text. A leap second is at the end of a day in UTC. */
static bool time_of_day(struct bytes text, size_t *at, struct time_of_day *time)
{
    char c;
    bool formed = digits(text, at, 2, &time->hour) && one_of(text, at, ":", &c) && digits(text, at, 2, &time->minute) &&
                  one_of(text, at, ":", &c) && digits(text, at, 2, &time->second) && fraction(text, at, &time->micros) &&
                  offset(text, at, &time->offset_minutes) && *at == text.len;

    if (!formed || time->hour > 23 || time->minute > 59)
        return false;
    if (time->second < 60)
        return true;
    int utc_minutes = time->hour * 60 + time->minute - time->offset_minutes;
    return time->second == 60 && (utc_minutes + 2 * 1440) % 1440 == 1439;
}

bool timestamp_is_date(struct bytes text)
{
    struct date read;
    size_t at = 0;

    return date(text, &at, &read) && at == text.len;
}

bool timestamp_is_time(struct bytes text)
{
    struct time_of_day read;
    size_t at = 0;

    return time_of_day(text, &at, &read);
}

bool timestamp_parse(struct bytes text, int64_t *us)
{
    struct date day;
    struct time_of_day time;
    size_t at = 0;
    char c;

    if (!date(text, &at, &day) || !one_of(text, &at, "Tt", &c) || !time_of_day(text, &at, &time))
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
