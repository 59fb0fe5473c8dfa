$(call define_stage, settings, )
$(call define_stage, inner, settings)
