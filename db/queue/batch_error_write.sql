-- ?1 batch, ?2 batch_index, ?3 code, ?4 error, ?5 pointer or NULL
INSERT INTO batch_errors VALUES (?1, ?2, ?3, ?4, ?5)
