{{ tpl 1 }}
