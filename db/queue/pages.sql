-- How large the file is, what the open transaction adds included: pages, of these unused, bytes of one.
SELECT page_count, freelist_count, page_size
FROM pragma_page_count, pragma_freelist_count, pragma_page_size
