-- Takes the writer's lock at once, so that nothing later in the transaction can meet another writer.
BEGIN IMMEDIATE
