{{ include "data/d.json" }}
