$(call define_stage, greet, )
$(call define_stage, wave_goodbye, greet)
