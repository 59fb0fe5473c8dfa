{{ tpl }}
