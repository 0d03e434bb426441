"""How many listed records are no dataset of their own, and why: so that what is declared and what is held add up."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_promises")]

    operations = [
        migrations.AddField(
            model_name="harvest",
            name="left_out",
            field=models.JSONField(
                default=dict,
                help_text="Records that were seen and are no dataset of their own, by the finding that says why.",
            ),
        ),
    ]
