 {{ include "file:///no/such" }}
