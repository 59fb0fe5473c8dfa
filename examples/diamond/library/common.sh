# Shared by the stages: a change here runs the stages that mention this file.
note() { printf '%s\n' "$*"; }

# Writes a stage's output, which later stages read.
write_output() {
  mkdir -p "$OUTPUT_DIR/$STAGE_NAME"
  cat > "$OUTPUT_DIR/$STAGE_NAME/output.json"
}
