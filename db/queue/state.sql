SELECT records, quarantined, (SELECT received_at_us FROM records ORDER BY seq LIMIT 1)
FROM totals
