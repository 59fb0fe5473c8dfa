$(call define_stage, database, )
