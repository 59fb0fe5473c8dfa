# The diamond: two stages that may run at the same time, between one that comes first and one that comes last.
$(call define_stage, state_storage, )
$(call define_stage, parallel_a, state_storage)
$(call define_stage, parallel_b, state_storage)
$(call define_stage, final, parallel_a parallel_b)
