{{ tpl "a" 1 2 }}
